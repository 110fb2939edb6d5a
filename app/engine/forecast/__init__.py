"""The forecast without close dates: rates by milestone and age, rolled forward."""

from app.engine.forecast.categories import Category, categories_of, category
from app.engine.forecast.chances import Chance, chances, chances_now
from app.engine.forecast.fit import Prior, Rates, fit
from app.engine.forecast.held import Effect, effect, with_rates_held
from app.engine.forecast.lesson import Lesson, Weights, learn
from app.engine.forecast.outlook import COUNT_SCALE, Forecast, expect, forecast, scale_of
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
    "Lesson",
    "Part",
    "Past",
    "Prior",
    "Rates",
    "Table",
    "Weights",
    "advance",
    "categories_of",
    "category",
    "chances",
    "chances_now",
    "effect",
    "ever",
    "expect",
    "fit",
    "forecast",
    "learn",
    "of_scope",
    "roll",
    "scale_of",
    "with_rates_held",
]
