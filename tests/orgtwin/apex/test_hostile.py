"""Code that would take all memory or time ends by a limit that it cannot catch; the process goes on."""

from __future__ import annotations

import pytest
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import Uncatchable

TOO_LARGE = "Apex heap size too large"
TOO_LONG = "Apex CPU time limit exceeded"
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
    "large texts read again and again": (
        "String s = 'a'.repeat(5000000); while (true) { Boolean b = s.contains('b'); }",
        TOO_LONG,
    ),
    "the digest of a large blob, again and again": (
        "Blob b = Blob.valueOf('a'.repeat(5000000)); while (true) { String s = EncodingUtil.convertToHex(b).left(1); }",
        TOO_LARGE,
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
