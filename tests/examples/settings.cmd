ambit examples/settings.amb examples/data/server.conf 2>&1; echo $?; ambit examples/settings.amb -k net.port examples/data/server.conf 2>/dev/null; true
