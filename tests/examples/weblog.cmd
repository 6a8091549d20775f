ambit examples/weblog.amb examples/data/access.log
