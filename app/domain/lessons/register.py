"""All kinds of lessons, by name: what a night learns."""

from collections.abc import Mapping

from app.domain.funnel_findings import PIPELINE
from app.domain.leak_findings import LEAKS
from app.domain.lessons.evidence import EVIDENCE
from app.domain.lessons.forecasts import FORECASTS
from app.domain.lessons.kinds import Kind
from app.domain.lessons.norms import NORMS
from app.domain.lessons.revivals import REVIVALS
from app.domain.observed_rates import RATES

_ALL = (FORECASTS, NORMS, REVIVALS, RATES, LEAKS, PIPELINE, EVIDENCE)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
