"""An app with two releases: `before` made a table; `after` adds one more, and then fails. For test_prepare.py."""
