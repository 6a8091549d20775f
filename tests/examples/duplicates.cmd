ambit examples/duplicates.amb examples/data/tree
