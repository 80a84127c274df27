"""Change-event triggers: what they are told, when, and in batches of how many."""

from __future__ import annotations

from tests.orgtwin.apex.live_org import LiveOrg

TRIGGER = """trigger AccountChanges on AccountChangeEvent (after insert) {
    for (AccountChangeEvent event : Trigger.new) {
        EventBus.ChangeEventHeader header = event.ChangeEventHeader;
        insert new Contact(LastName = header.changeType, Description = String.join(new List<String>{
            header.entityName, header.getChangeType(), '' + header.getRecordIds().size(),
            String.join(header.getChangedFields(), ','), String.join(header.nulledFields, ','),
            event.Name, event.Phone, '' + (header.commitTimestamp > 0), '' + header.sequenceNumber
        }, '|'));
    }
}"""
TESTS = """@IsTest private class AccountChangesTest {
    static List<String> told() {
        List<String> found = new List<String>();
        for (Contact c : [SELECT Description FROM Contact ORDER BY Id]) { found.add(c.Description); }
        return found;
    }
    @IsTest static void everyChangeIsToldOnDelivery() {
        Test.enableChangeDataCapture();
        Account a = new Account(Name = 'Acme', Phone = '1');
        insert a;
        System.assertEquals(0, told().size());
        Test.getEventBus().deliver();
        System.assertEquals(new List<String>{'Account|CREATE|1|||Acme|1|true|1'}, told());
        a.Phone = null;
        update a;
        Test.getEventBus().deliver();
        System.assertEquals('Account|UPDATE|1|Phone|Phone|||true|1', told()[1]);
        delete a;
        Test.getEventBus().deliver();
        System.assertEquals('Account|DELETE|1|||||true|1', told()[2]);
    }
    @IsTest static void recordsWithTheSameChangeShareAnEvent() {
        List<Account> two = new List<Account>{new Account(Name = 'A'), new Account(Name = 'B')};
        insert two;
        Test.enableChangeDataCapture();
        for (Account a : two) { a.Phone = '2'; }
        Test.startTest();
        update two;
        Test.stopTest();
        System.assertEquals(new List<String>{'Account|UPDATE|2|Phone|||2|true|1'}, told());
    }
    @IsTest static void nothingIsToldBeforeCaptureIsEnabled() {
        insert new Account(Name = 'A');
        Test.getEventBus().deliver();
        System.assertEquals(0, told().size());
    }
    @IsTest static void aTestMayMakeTheEventItself() {
        EventBus.ChangeEventHeader header = new EventBus.ChangeEventHeader();
        header.changeType = 'CREATE';
        AccountChangeEvent event = new AccountChangeEvent(Name = 'A', ChangeEventHeader = header);
        System.assertEquals('CREATE', event.ChangeEventHeader.getChangeType());
    }
}"""
HEADERS = """trigger Headers on AccountChangeEvent (after insert) {
    for (AccountChangeEvent event : Trigger.new) {
        EventBus.ChangeEventHeader h = event.ChangeEventHeader;
        insert new Contact(LastName = h.transactionKey, Description = String.join(new List<String>{
            h.recordIds[0], String.join(h.changedFields, ','), String.join(h.nulledFields, ','), '' + h.diffFields.size(),
            h.commitUser, '' + h.sequenceNumber, h.entityName, '' + h.commitNumber
        }, '|'));
    }
}"""
TRANSACTION = """@IsTest private class HeadersTest {
    @IsTest static void twoChangesOfATransaction() {
        Account first = new Account(Name = 'A', Phone = '1', Site = 'here');
        Account second = new Account(Name = 'B');
        insert new List<Account>{first, second};
        Test.enableChangeDataCapture();
        first.Phone = null;
        first.Site = 'there';
        second.Name = 'C';
        update new List<Account>{first, second};
        Test.getEventBus().deliver();
        List<Contact> told = [SELECT LastName, Description FROM Contact ORDER BY Id];
        System.assertEquals(2, told.size());
        System.assertEquals(told[0].LastName, told[1].LastName);
        List<String> one = told[0].Description.split('[|]');
        List<String> other = told[1].Description.split('[|]');
        String user = UserInfo.getUserId();
        System.assertEquals(new List<String>{first.Id, 'Phone,Site', 'Phone', '0', user, '1', 'Account'}, head(one));
        System.assertEquals(new List<String>{second.Id, 'Name', '', '0', user, '2', 'Account'}, head(other));
        System.assertEquals(one[7], other[7]);
        update first;
        Test.getEventBus().deliver();
        System.assertEquals(2, [SELECT COUNT() FROM Contact WHERE LastName = :told[0].LastName]);
    }
    static List<String> head(List<String> parts) {
        System.assertEquals(8, parts.size());
        List<String> found = parts.clone();
        found.remove(7);
        return found;
    }
}"""
ENDLESS = """trigger Again on AccountChangeEvent (after insert) {
    Account a = [SELECT NumberOfEmployees FROM Account];
    a.NumberOfEmployees += 1;
    update a;
}"""
ONE_ROUND = """@IsTest private class AgainTest {
    @IsTest static void aDeliveryGivesWhatWaitedWhenItBegan() {
        Test.enableChangeDataCapture();
        insert new Account(Name = 'A', NumberOfEmployees = 0);
        Test.getEventBus().deliver();
        System.assertEquals(1, [SELECT NumberOfEmployees FROM Account].NumberOfEmployees);
        Test.getEventBus().deliver();
        System.assertEquals(2, [SELECT NumberOfEmployees FROM Account].NumberOfEmployees);
    }
}"""
BATCHES = """trigger Sizes on AccountChangeEvent (after insert) {
    insert new Contact(LastName = '' + Trigger.new.size());
}"""
MANY = """@IsTest private class SizesTest {
    @IsTest static void batches() {
        Test.enableChangeDataCapture();
        List<Account> many = new List<Account>();
        for (Integer i = 0; i < 2001; i++) { many.add(new Account(Name = 'A' + i)); }
        insert many;
        Test.getEventBus().deliver();
        List<Contact> sizes = [SELECT LastName FROM Contact ORDER BY Id];
        System.assertEquals(2, sizes.size());
        System.assertEquals('2000', sizes[0].LastName);
        System.assertEquals('1', sizes[1].LastName);
    }
}"""


def failures(**sources: str) -> list[tuple[str, str]]:
    outcomes = LiveOrg(**sources).run_tests()
    assert outcomes
    return [(o.method_name, o.message) for o in outcomes if o.outcome != "Pass"]


def test_a_trigger_reads_the_header_and_the_fields_of_each_change() -> None:
    assert failures(T=TRIGGER, C=TESTS) == []


def test_a_delivery_gives_what_waited_when_it_began() -> None:
    assert failures(T=ENDLESS, C=ONE_ROUND) == []


def test_a_batch_has_at_most_two_thousand_events() -> None:
    assert failures(T=BATCHES, C=MANY) == []


def test_changes_of_a_transaction_share_its_key_number_and_user_and_are_counted() -> None:
    assert failures(T=HEADERS, C=TRANSACTION) == []
