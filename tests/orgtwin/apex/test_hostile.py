"""Code that would take all memory or time ends by a limit that it cannot catch; the process goes on."""

from __future__ import annotations

import sys
from threading import Event, Thread

import msgspec
import pytest
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import Uncatchable
from orgtwin.apex.recursion import FRAMES, deep_recursion
from orgtwin.apex.transaction import TICKS_PER_MILLISECOND

TOO_LARGE = "Apex heap size too large"
TOO_LONG = "Apex CPU time limit exceeded"
ENTITIES = (
    "String x = '<!DOCTYPE a [<!ENTITY e0 \"aaaaaaaaaa\">'; for (Integer i = 0; i < 9; i++) {"
    " x += '<!ENTITY e' + (i + 1) + ' \"' + ('&e' + i + ';').repeat(10) + '\">'; } x += ']><a>&e9;</a>';"
    " while (true) { try { XmlStreamReader r = new XmlStreamReader(x); } catch (XmlException e) { } }"
)
PROGRAMS = {
    "a list that doubles": ("List<Integer> l = new List<Integer>{1}; while (true) { l.addAll(l); }", TOO_LARGE),
    "clones of a list": (
        "List<Integer> s = new Integer[100000]; List<List<Integer>> l = new List<List<Integer>>();"
        " while (true) { l.add(s.clone()); }",
        TOO_LARGE,
    ),
    "a list of blobs": (
        "List<Blob> b = new List<Blob>(); while (true) { b.add(Blob.valueOf('x'.repeat(1000000))); }",
        TOO_LARGE,
    ),
    "a map of blobs": (
        "Map<Integer, Blob> b = new Map<Integer, Blob>(); Integer i = 0;"
        " while (true) { b.put(i++, Blob.valueOf('x'.repeat(1000000))); }",
        TOO_LARGE,
    ),
    "a set of large texts": (
        "Set<String> s = new Set<String>(); Integer i = 0; while (true) { s.add('x'.repeat(1000000) + i++); }",
        TOO_LARGE,
    ),
    "records with large texts": (
        "List<Account> l = new List<Account>(); while (true) { l.add(new Account(Name = 'x'.repeat(100000))); }",
        TOO_LARGE,
    ),
    "a text joined with itself": (
        "String s = 'ab'; while (true) { s = String.join(new List<String>{s, s}, ''); }",
        TOO_LARGE,
    ),
    "a replacement that grows": ("String s = 'ab'; while (true) { s = s.replace('a', 'aa'); }", TOO_LARGE),
    "a replacement by pattern that grows": (
        "String s = 'a'.repeat(5000); s = s.replaceAll('a', 'a'.repeat(5000));",
        TOO_LARGE,
    ),
    "base64 of base64": (
        "String s = 'x'; while (true) { s = EncodingUtil.base64Encode(Blob.valueOf(s + s)); }",
        TOO_LARGE,
    ),
    "padding": ("String s = 'a'; s = s.leftPad(2000000000);", TOO_LARGE),
    "an array of any size": ("Integer[] a = new Integer[100000000];", TOO_LARGE),
    "JSON of what contains itself twice": (
        "List<Object> l = new List<Object>();"
        " for (Integer i = 0; i < 40; i++) { l = new List<Object>{l, l}; } String s = JSON.serialize(l);",
        TOO_LARGE,
    ),
    "comparing what contains itself twice": (
        "List<Object> a = new List<Object>{1}; List<Object> b = new List<Object>{1};"
        " for (Integer i = 0; i < 40; i++) { a = new List<Object>{a, a}; b = new List<Object>{b, b}; }"
        " System.debug(a == b);",
        TOO_LONG,
    ),
    "the distance of long texts": (
        "String s = 'ab'.repeat(30000); Integer n = s.getLevenshteinDistance(s.reverse());",
        TOO_LONG,
    ),
    "a replacement that puts groups in many times": (
        "String s = 'ab'; while (true) { s = s.replaceAll('(a)', '$1$1$1'); }",
        "",
    ),
    "a text that is escaped again and again": ("String s = '<&'; while (true) { s = s.escapeHtml4(); }", ""),
    "hexadecimal of hexadecimal": (
        "String s = 'ab'; while (true) { s = EncodingUtil.convertToHex(Blob.valueOf(s)); }",
        TOO_LARGE,
    ),
    "a format of itself": (
        "String s = '{0}'; while (true) { s = String.format(s + s, new List<Object>{ s }); }",
        TOO_LARGE,
    ),
    "a map that is its own key": (
        "Map<Object, Object> m = new Map<Object, Object>(); for (Integer i = 0; i < 60; i++) {"
        " m = new Map<Object, Object>{ m => m }; m.put(new List<Object>{ m }, m); } Integer n = m.hashCode();",
        "Maximum stack depth reached",
    ),
    "large texts read again and again": (
        "String s = 'a'.repeat(5000000); while (true) { Boolean b = s.contains('b'); }",
        TOO_LONG,
    ),
    "the digest of a large blob, again and again": (
        "Blob b = Blob.valueOf('a'.repeat(5000000)); while (true) { String s = EncodingUtil.convertToHex(b).left(1); }",
        TOO_LARGE,
    ),
    "an archive that is unpacked again and again": (
        "Compression.ZipWriter w = new Compression.ZipWriter(); w.addEntry('a', Blob.valueOf('0'.repeat(3000000)));"
        " Compression.ZipReader r = new Compression.ZipReader(w.getArchive());"
        " List<Blob> l = new List<Blob>(); while (true) { l.add(r.extract('a')); }",
        TOO_LARGE,
    ),
    "an archive of ever more": (
        "Compression.ZipWriter w = new Compression.ZipWriter(); Integer i = 0;"
        " while (true) { w.addEntry('n' + i++, Blob.valueOf('0'.repeat(1000000))); }",
        TOO_LARGE,
    ),
    "an archive that is packed again and again": (
        "Compression.ZipWriter w = new Compression.ZipWriter(); w.addEntry('a', Blob.valueOf('ab'.repeat(1500000)));"
        " while (true) { w.getArchive(); }",
        TOO_LONG,
    ),
    "a document that is read again and again": (
        "Dom.Document d = new Dom.Document(); while (true) { d.load('<a>' + '<b c=\"1\"/>'.repeat(50000) + '</a>'); }",
        TOO_LONG,
    ),
    "entities of entities": (ENTITIES, TOO_LONG),
    "a text that grows by the piece": ("String s = 'x'.repeat(500000); while (true) { s += 'abcdefghij'; }", TOO_LONG),
    "the hash of a map that is its own key and value": (
        "Map<Object, Object> m = new Map<Object, Object>(); m.put(m, m); Integer h = m.hashCode();",
        "Maximum stack depth reached",
    ),
}


@pytest.mark.parametrize(("program", "text"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_hostile_code_ends_by_a_limit_and_the_engine_goes_on(program: str, text: str) -> None:
    engine = Engine(SmallOrg())
    with pytest.raises(Uncatchable) as ended:
        engine.run_anonymous(f"try {{ {program} }} catch (Exception e) {{ System.debug('caught'); }}")
    assert str(ended.value).startswith(f"System.LimitException: {text}")
    assert engine.debug_log == []
    assert engine.run_anonymous("System.debug('alive');") == []
    assert engine.debug_log == ["alive"]


OUTSIDE = {
    "a file": "PageReference p = new PageReference('file:///etc/passwd'); Blob b = p.getContent();",
    "a class of the machine": "Type t = Type.forName('os'); System.debug(t == null);",
    "the environment": "System.debug(System.getenv('HOME'));",
}
REFUSALS = {
    "a file": "apex.PageReference.getContent",
    "a class of the machine": "true",
    "the environment": "Method does not exist or incorrect signature: void getenv(String) from the type System",
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_code_reaches_nothing_outside_the_org(what: str) -> None:
    from tests.orgtwin.apex.test_cases import run_program

    assert REFUSALS[what] in run_program(OUTSIDE[what])


ODD = {
    "a generator that only opens": (
        "JSONGenerator g = JSON.createGenerator(false); while (true) { g.writeStartArray(); }",
        "System.JSONException: JSON is nested too deeply",
    ),
    "a comparator that tells null": (
        "new List<Integer>{ 2, 1 }.sort(new Odd());",
        "System.NullPointerException: Attempt to de-reference a null object",
    ),
    "an object that compares as null": (
        "new List<Odd>{ new Odd(), new Odd() }.sort();",
        "System.NullPointerException: Attempt to de-reference a null object",
    ),
    "a comparator that empties the list": (
        "List<Integer> l = new List<Integer>{ 2, 1 }; l.sort(new Clearing(l)); System.debug(l);",
        "(1, 2)",
    ),
    "an object whose text is null": ("System.debug('a' + new Odd());", "anull"),
    "an exception whose message is null": ("System.debug(new OddException());", "OddException: null"),
    "a type whose name never ends": ("System.debug(Type.forName('List<'.repeat(9999) + '>'.repeat(9999)));", "null"),
}
ODD_CLASSES = {
    "Odd": "public class Odd implements Comparable, Comparator<Integer> { public Integer compareTo(Object o) { return null; }"
    " public Integer compare(Integer a, Integer b) { return null; }"
    " public override String toString() { return null; } }",
    "Clearing": "public class Clearing implements Comparator<Integer> { List<Integer> l;"
    " public Clearing(List<Integer> l) { this.l = l; }"
    " public Integer compare(Integer a, Integer b) { l.clear(); return a - b; } }",
    "OddException": "public class OddException extends Exception { public override String getMessage() { return null; } }",
}


@pytest.mark.parametrize(("program", "told"), ODD.values(), ids=ODD.keys())
def test_code_that_breaks_a_contract_meets_an_exception_of_apex(program: str, told: str) -> None:
    engine = Engine(SmallOrg())
    assert engine.load(ODD_CLASSES) == []
    source = f"try {{ {program} }} catch (Exception e) {{ System.debug(e); }}"
    assert engine.run_anonymous(source) == []
    assert engine.debug_log == [told]


CALLS_IN_CALLS = {
    "a static method": ("String s = ", "String.valueOf(", ")"),
    "a constructor": ("Object o = ", "new List<Object>{", "}"),
    "a query's bind": ("Object o = ", "[SELECT Id FROM Account WHERE Name = :String.valueOf(", ")]"),
}


@pytest.mark.parametrize(("before", "opening", "closing"), CALLS_IN_CALLS.values(), ids=CALLS_IN_CALLS.keys())
def test_what_stands_inside_calls_is_compiled_once(before: str, opening: str, closing: str) -> None:
    engine = Engine(SmallOrg())
    assert engine.load({"A": f"public class A {{ void m() {{ {before}{opening * 40}1{closing * 40}; }} }}"}) == []
    assert engine.check() == []


RECURSIONS = {
    "toString": "public class A { public override String toString() { return 'x' + this; } }",
    "hashCode": "public class A { public override Integer hashCode() { return new Set<A>{ this }.hashCode(); }"
    " public Boolean equals(Object o) { return true; } public override String toString() { return '' + hashCode(); } }",
    "compareTo": "public class A implements Comparable { public Integer compareTo(Object o) { new List<A>{ this, this }.sort();"
    " return 0; } public override String toString() { return '' + compareTo(this); } }",
    "a property": "public class A { Integer x { get { return x2; } } Integer x2 { get { return x; } }"
    " public override String toString() { return '' + x; } }",
    "a type by its name": "public class A { public override String toString() { return '' + Type.forName('A').newInstance(); } }",
}


@pytest.mark.parametrize("source", RECURSIONS.values(), ids=RECURSIONS.keys())
def test_recursion_behind_the_scenes_ends_by_the_stack_depth(source: str) -> None:
    engine = Engine(SmallOrg())
    assert engine.load({"A": source}) == []
    with pytest.raises(Uncatchable) as ended:
        engine.run_anonymous("String s = '' + new A();")
    assert str(ended.value) == "System.LimitException: Maximum stack depth reached: 1001"


def test_pythons_recursion_limit_is_raised_only_while_apex_runs() -> None:
    before, engine = sys.getrecursionlimit(), Engine(SmallOrg())
    engine.load({"A": "public class A { public static Integer f(Integer n) { return n == 0 ? 0 : 1 + f(n - 1); } }"})
    assert engine.check() == []
    assert engine.run_anonymous("System.debug(A.f(900));") == []
    assert engine.debug_log == ["900"]
    assert sys.getrecursionlimit() == before
    with engine.new_transaction():
        assert sys.getrecursionlimit() == FRAMES
    with pytest.raises(RecursionError):
        msgspec.json.decode(b"[" * 100_000)


def test_the_last_thread_that_leaves_apex_puts_the_recursion_limit_back() -> None:
    before, entered, leave = sys.getrecursionlimit(), Event(), Event()

    def stay() -> None:
        with deep_recursion():
            entered.set()
            leave.wait(60)

    other = Thread(target=stay)
    with deep_recursion():
        other.start()
        assert entered.wait(60)
    assert sys.getrecursionlimit() == FRAMES
    leave.set()
    other.join(60)
    assert sys.getrecursionlimit() == before


NESTED = {
    "blocks": "{" * 20_000 + "}" * 20_000,
    "a sum": "Integer i = " + "1 + " * 50_000 + "1;",
}


@pytest.mark.parametrize("source", NESTED.values(), ids=NESTED.keys())
def test_source_that_is_nested_too_deeply_does_not_compile(source: str) -> None:
    engine = Engine(SmallOrg())
    assert "Expression or block nested too deeply" in [p.message for p in engine.run_anonymous(source)]
    problems = engine.load({"A": f"public class A {{ void m() {{ {source} }} }}"})
    assert {p.message for p in engine.check() or problems} == {"Expression or block nested too deeply"}


HALVES = (
    r"Account a = new Account(Name = '\uD83D\uDE00 \uD83D'); insert a; System.debug([SELECT Name FROM Account].Name);"
)


def test_halves_of_characters_leave_apex_as_characters() -> None:
    engine = Engine(SmallOrg())
    log = engine.open_log()
    assert engine.run_anonymous(HALVES) == []
    assert [row["Name"] for row in engine.port._rows.values()] == ["\U0001f600 \ufffd"]  # type: ignore[attr-defined]
    assert log.text().encode("utf-8")


ENORMOUS = {
    "a text": "Decimal.valueOf('1E1000000000')",
    "a sum": "Decimal.valueOf('9E9999') + Decimal.valueOf('9E9999')",
    "a difference": "Decimal.valueOf('-9E9999') - Decimal.valueOf('9E9999')",
    "a product": "Decimal.valueOf('1E9999') * 10",
    "JSON": "JSON.deserializeUntyped('1E1000000000')",
    "JSON of a type": "JSON.deserialize('1E1000000000', Decimal.class)",
}


@pytest.mark.parametrize("expression", ENORMOUS.values(), ids=ENORMOUS.keys())
def test_a_number_that_nobody_could_write_out_is_an_exception(expression: str) -> None:
    engine = Engine(SmallOrg())
    source = f"try {{ Object o = {expression}; }} catch (MathException e) {{ System.debug(e.getMessage()); }}"
    assert engine.run_anonymous(source) == []
    assert engine.debug_log == ["Decimal value out of range"]


PRICED = {
    "Matcher m = Pattern.compile('').matcher('a'); m.find();": 4,
    "List<String> s = 'abc'.split('b');": 20,
    "Pattern p = Pattern.compile('a|b' + i);": 300,
    "String s = 'abc'.replaceAll('b', 'c');": 20,
    "List<Schema.DescribeSObjectResult> r = Schema.describeSObjects(new List<String>{'Account'});": 30,
    "Map<String, Object> m = new Account(Name = 'a').getPopulatedFieldsAsMap();": 12,
}
"""Statements by the least CPU time, in ticks, that their calls use."""


@pytest.mark.parametrize(("statement", "ticks"), PRICED.items())
def test_a_call_that_takes_long_uses_cpu_time_so_that_a_busy_loop_of_it_ends(statement: str, ticks: int) -> None:
    engine = Engine(SmallOrg())
    turns = 1000
    assert (
        engine.run_anonymous(
            f"for (Integer i = 0; i < {turns}; i++) {{ {statement} }} System.debug(Limits.getCpuTime());"
        )
        == []
    )
    assert int(engine.debug_log[-1]) >= turns * ticks // TICKS_PER_MILLISECOND


MANY = (
    "List<Integer> many = new List<Integer>(); for (Integer i = 0; i < 3000; i++) { many.add(i); }"
    " Set<Integer> held = new Set<Integer>(many); List<Integer> same = many.clone(); Map<Integer, Integer> places ="
    " new Map<Integer, Integer>(); for (Integer i : many) { places.put(i, i); } List<Account> rows = new List<Account>();"
    " for (Integer i = 0; i < 200; i++) { rows.add(new Account(Name = 'n' + i)); } String text = 'ab c,'.repeat(1000);"
    " String xml = '<a>' + '<b c=\"1\"/>'.repeat(1000) + '</a>'; Dom.Document document = new Dom.Document(); document.load(xml);"
)
WALKED = {
    "places.putAll(places.clone());": 750,
    "held.addAll(many);": 750,
    "Boolean whole = held.containsAll(many);": 750,
    "Set<Integer> made = new Set<Integer>(many);": 750,
    "List<Integer> made = new List<Integer>(many);": 750,
    "Boolean equal = many == same;": 187,
    "Integer hash = many.hashCode();": 1500,
    "Integer hash = places.hashCode();": 1500,
    "many.remove(0); many.add(1);": 2,
    "List<Account> copies = rows.deepClone();": 400,
    "List<SObject> kept = Security.stripInaccessible(AccessType.READABLE, rows).getRecords();": 800,
    "String escaped = text.escapeJava();": 312,
    "String encoded = EncodingUtil.urlEncode(text, 'UTF-8');": 78,
    "List<String> parts = text.splitByCharacterType();": 625,
    "List<String> parts = text.split(',');": 2000,
    "String escaped = text.escapeHtml4();": 312,
    "String plain = ('<' + text).stripHtmlTags();": 312,
    "document.load(xml);": 16_000,
    "String written = document.toXmlString();": 16_000,
    "List<Dom.XmlNode> nodes = document.getRootElement().getChildElements();": 125,
    "Dom.XmlNode added = new Dom.Document().createRootElement('a', null, null).addTextNode('b');": 8,
    "XmlStreamReader reader = new XmlStreamReader(xml);": 5000,
    "JSONParser parser = JSON.createParser(text.left(0) + '[' + '1,'.repeat(1000) + '1]');": 2000,
    "PageReference page = new PageReference('/a?b=' + text);": 1250,
    "HttpRequest request = new HttpRequest(); request.setBody(text);": 19,
    "Boolean alike = text.equalsIgnoreCase(text);": 156,
    "String shown = String.format(text, new List<Object>());": 5000,
    "String changed = text.replaceAll('b', 'a');": 2000,
    "String swapped = text.swapCase();": 312,
    "String rest = text.difference(text);": 312,
    "Boolean known = text.isAsciiPrintable();": 312,
    "Integer hash = text.hashCode();": 312,
    "Integer hash = new List<String>{ text, text }.hashCode();": 624,
    "Integer order = text.compareTo(text);": 156,
    "Boolean matched = Pattern.compile('z').matcher(text).find();": 39,
    "Boolean found = text.contains('z');": 9,
    "String made = String.fromCharArray(many);": 187,
}
"""Statements about 3,000 elements, 200 records or a text of 5,000 characters, by the least CPU time they use, in ticks."""


@pytest.mark.parametrize(("statement", "ticks"), WALKED.items())
def test_a_call_that_walks_what_it_is_given_uses_cpu_time_by_its_size(statement: str, ticks: int) -> None:
    engine = Engine(SmallOrg())
    source = f"{MANY} Integer before = Limits.getCpuTime(); for (Integer i = 0; i < 50; i++) {{ {statement} }}"
    assert engine.run_anonymous(f"{source} System.debug(Limits.getCpuTime() - before);") == []
    assert int(engine.debug_log[-1]) >= 50 * ticks // TICKS_PER_MILLISECOND


def test_whoever_holds_much_and_makes_much_has_it_counted_at_a_price() -> None:
    """Each time the heap is counted again costs CPU time: copies beside half a million values ended after minutes once."""
    engine = Engine(SmallOrg())
    source = "List<Integer> held = new Integer[400000]; Integer before = Limits.getCpuTime(); Integer n = Limits.getHeapSize();"
    assert engine.run_anonymous(f"{source} System.debug(Limits.getCpuTime() - before);") == []
    assert int(engine.debug_log[-1]) >= 400_000 // 4 // TICKS_PER_MILLISECOND
