ambit eval --json examples/config.amb; ambit eval --json examples/config.amb --env live | tr ',' '\n' | grep -c url; ambit eval examples/config.amb --env prod 2>&1 | head -n 1
