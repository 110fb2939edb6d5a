"""The forecast without close dates: rates by milestone and age, rolled forward."""

from app.engine.forecast.categories import Category, category
from app.engine.forecast.chances import Chance, chances
from app.engine.forecast.fit import Prior, Rates, fit
from app.engine.forecast.held import Effect, effect, with_rates_held
from app.engine.forecast.outlook import COUNT_SCALE, Forecast, forecast
from app.engine.forecast.parts import Expected, Part, of_scope
from app.engine.forecast.roll import Table, advance, ever, roll
from app.engine.forecast.track import Past

__all__ = [
    "COUNT_SCALE",
    "Category",
    "Chance",
    "Effect",
    "Expected",
    "Forecast",
    "Part",
    "Past",
    "Prior",
    "Rates",
    "Table",
    "advance",
    "category",
    "chances",
    "effect",
    "ever",
    "fit",
    "forecast",
    "of_scope",
    "roll",
    "with_rates_held",
]
