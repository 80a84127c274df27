"""Services of ConnectApi in tests: only those that see the org's data may ask them."""

from __future__ import annotations

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

CALLS = {
    "a service that runs": "ConnectApi.ChatterFeeds.postFeedElement(null, 'me', ConnectApi.FeedElementType.FeedItem, 'hi');",
    "the organization": "ConnectApi.Organization.getSettings();",
    "a service that is refused": "ConnectApi.Topics.getTopics(null);",
}
SILOED = "ConnectApi methods are not supported in data siloed tests. Please use @IsTest(SeeAllData=true)."
SOURCE = """@IsTest
private class PostsTest {{
    @IsTest static void asks() {{
        try {{
            {call}
            Assert.fail('no exception');
        }} catch (UnsupportedOperationException error) {{
            Assert.areEqual('{text}', error.getMessage());
        }}
    }}
}}"""
SEEING = """@IsTest(SeeAllData=true)
private class PostsTest {
    @IsTest static void posts() {
        ConnectApi.FeedElementType kind = ConnectApi.FeedElementType.FeedItem;
        ConnectApi.FeedElement posted = ConnectApi.ChatterFeeds.postFeedElement(null, 'me', kind, 'hi');
        Assert.areEqual('hi', [SELECT Body FROM FeedItem WHERE Id = :posted.id].Body);
    }
}"""


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_in_a_test_of_its_own_data_a_service_throws(call: str) -> None:
    (outcome,) = LiveOrg(PostsTest=SOURCE.format(call=call, text=SILOED)).run_tests()
    assert (outcome.outcome, outcome.message) == ("Pass", "")


def test_a_test_that_sees_the_orgs_data_posts() -> None:
    (outcome,) = LiveOrg(PostsTest=SEEING).run_tests()
    assert (outcome.outcome, outcome.message) == ("Pass", "")
