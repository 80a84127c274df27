"""Tree to closures, checking types on the way: one pass that either yields something to run or Salesforce's compile error."""
