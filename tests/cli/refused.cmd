ambit -e "print(1); use fs.dir(\"/usr\") for write, remove as d" 2>&1; echo $?
