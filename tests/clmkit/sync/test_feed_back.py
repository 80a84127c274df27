import pytest

from clmkit.sync.feed_back import to_patch


@pytest.mark.parametrize(
    ("values", "patch"),
    [
        ({"business_owner.email": "a@b.example"}, {"business_owner": {"email": "a@b.example"}}),
        ({"business_owner.email": None}, {"business_owner": None}),
        ({"counterparty.contact.id": "PER-1"}, {"counterparty": {"contact": {"id": "PER-1"}}}),
        ({"counterparty.contact.id": None}, {"counterparty": {"contact": None}}),
        ({"title": None}, {"title": None}),
        ({"value.total": "1", "value.arr": "2"}, {"value": {"total": "1", "arr": "2"}}),
    ],
)
def test_paths_become_a_merge_patch(values: dict[str, object], patch: dict[str, object]) -> None:
    assert to_patch(values) == patch
