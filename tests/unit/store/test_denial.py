"""Of several refusals the one that helps most is told, and its reason survives all that is done."""

import pickle

import pytest

from receiver.errors import Reason, StoreDenied
from receiver.store.denial import most_telling


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ((Reason.LIST_DENIED, Reason.KEYS_MISSING), Reason.LIST_DENIED),
        ((Reason.KEYS_WRONG, Reason.KEYS_MISSING), Reason.KEYS_WRONG),
        ((Reason.KEYS_MISSING, Reason.REFUSED), Reason.REFUSED),
        ((Reason.KEYS_WRONG, Reason.LIST_DENIED), Reason.KEYS_WRONG),  # the conf's own, first tried
        ((Reason.LIST_DENIED, Reason.KEYS_WRONG), Reason.LIST_DENIED),
        ((Reason.LIST_DENIED, Reason.KEYS_EXPIRED), Reason.KEYS_EXPIRED),
        ((Reason.KEYS_EXPIRED, Reason.CLOCK_SKEW), Reason.CLOCK_SKEW),
        ((Reason.READ_DENIED, Reason.REGION_WRONG), Reason.REGION_WRONG),
        ((Reason.KEYS_MISSING,), Reason.KEYS_MISSING),
    ],
)
def test_the_denial_whose_remedy_helps_most_is_told(
    reasons: tuple[Reason, ...], told: Reason
) -> None:
    assert most_telling([StoreDenied("no", reason=reason) for reason in reasons]).reason is told


def test_of_equal_denials_the_first_is_told() -> None:
    first, second = (StoreDenied(words, reason=Reason.LIST_DENIED) for words in ("a", "b"))
    assert most_telling([first, second]) is first


def test_a_denial_keeps_its_reason_on_its_way_between_processes() -> None:
    denial = StoreDenied("no", reason=Reason.LIST_DENIED, right="s3:ListBucket")
    again = pickle.loads(pickle.dumps(denial))
    assert (str(again), again.reason, again.right) == ("no", Reason.LIST_DENIED, "s3:ListBucket")
