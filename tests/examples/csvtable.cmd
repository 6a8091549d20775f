ambit examples/csvtable.amb -s price -d examples/data/orders.csv 2>&1; ambit examples/csvtable.amb -s size examples/data/orders.csv 2>&1; echo $?
