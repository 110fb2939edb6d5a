"""A shape is the canonical form of a question, and says which question it is of."""

from uuid import UUID

import pytest

from app.domain.lessons.register import KINDS
from app.domain.lessons.shapes import question_of, shape_of
from app.schemas.observed_rates import RatesQuery
from tests.conftest import NOW

TEAM = "team:00000000-0000-0000-0000-000000000007"
QUESTIONS = [
    ({}, "rates"),
    ({"window": "12m", "scope": "all", "basis": "all"}, "rates"),
    ({"window": "6m", "business_type": "new"}, 'rates {"business_type":"new","window":"6m"}'),
    ({"scope": TEAM, "half_life_days": 90}, f'rates {{"half_life_days":90,"scope":"{TEAM}"}}'),
    ({"winsor": "0.95"}, 'rates {"winsor":{"den":20,"num":19}}'),
    ({"winsor": "0.950"}, 'rates {"winsor":{"den":20,"num":19}}'),
]


@pytest.mark.parametrize(("asked", "shape"), QUESTIONS)
def test_a_shape_holds_what_differs_from_the_usual_question(asked, shape):
    question = RatesQuery.model_validate({"process": "sales", "as_of": NOW.isoformat()} | asked)
    assert shape_of("rates", question) == shape
    again = question_of(RatesQuery, shape, UUID(int=1), NOW)
    assert again == question.model_copy(update={"process": str(UUID(int=1))})


def test_every_kind_begins_its_shapes_with_its_name():
    for name, kind in KINDS.items():
        assert all(shape.split()[0] == name for shape in kind.usual())
        assert all(shape in kind.rows(shape) for shape in kind.usual())
