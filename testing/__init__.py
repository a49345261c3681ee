"""What tests and bench share: fakes, fake providers, the fault proxy, the local AWS made strict."""
