# c_ask_date: c_date, what the clock says, for people. It is asked once in a script.
c_ask_date() {
	[ -n "$c_date" ] || c_date=$(date -u +%Y-%m-%dT%H:%M:%SZ)
}

c_date=''
