# c_port HOST PORT NAMES: whether something listens. A client that cannot tell is not believed alone.
c_port() {
	if c_have nc && c_limit 5 nc -z -w 3 "$1" "$2" >/dev/null 2>&1; then
		c_answer=yes
	elif c_have bash; then
		# shellcheck disable=SC2016 # expanded by the inner shell
		if c_limit 4 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" >/dev/null 2>&1; then
			c_answer=yes
		else
			c_answer=no
		fi
	else
		c_answer=table
	fi
	c_mark port "$c_number" "$c_answer"
	if [ "$c_answer" = table ]; then
		# The kernel's own list of listeners, for addresses of this host.
		for c_place in /proc/net/tcp /proc/net/tcp6; do
			[ -r "$c_place" ] || continue
			while IFS= read -r c_line; do
				printf '%s\n' "$c_line" >&3
			done <"$c_place"
		done
	fi
}
