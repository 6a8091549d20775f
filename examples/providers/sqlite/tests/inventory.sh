# The inventory, from a CSV file to a report.
run() { $AMBIT -y $PROVIDER_DIR/inventory.amb "$@"; }
cat >parts.csv <<'END'
name, place, count, price
USB cable, A1, 40, 3.50
Screw M3, B2, 1200, 0.02
Screw M4, B2, 15, 0.03
Fuse 2A, A1, 4, 0.80
O'Ring; drop table, C1, 9, 0.10
END
run import parts.csv
run low 20
run find screw
run find nothing || echo "status $?"
run take "USB cable" 3
run take "Fuse 2A" 5 || echo "status $?"
run take "Gold" || echo "status $?"
run take "USB cable"
printf 'name,place,count,price\nScrew M4,B2,500,0.03\nWire,B1,many,1\n' >bad.csv
run import bad.csv || echo "status $?"
run find M4
printf 'name,place,count,price\nScrew M4,B2,500,0.03\n' >good.csv
run import good.csv
run report
ls
