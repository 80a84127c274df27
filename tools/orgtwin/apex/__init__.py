"""The Apex language: lexer, parser, checker, interpreter, test runner."""
