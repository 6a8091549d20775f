echo "print(6 * 7, args)" | ambit - a b
