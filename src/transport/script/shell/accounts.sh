# c_users NAME...: accounts, with the numbers of all their groups, and the state of their passwords.
c_users() {
	c_mark passwd
	if c_have getent; then
		c_limit 20 getent passwd "$@" >&3 2>/dev/null
	else
		c_lines </etc/passwd
	fi
	for c_word do
		c_said=$(c_limit 20 id -G "$c_word" 2>/dev/null) || continue
		c_mark ids "$c_word"
		printf '%s\n' "$c_said" >&3
		c_gids="$c_gids $c_said"
	done
	if [ -r /etc/shadow ]; then
		while IFS=: read -r c_name c_field c_rest; do
			for c_word do
				[ "$c_word" = "$c_name" ] || continue
				case $c_field in
				'!'* | '*'*) c_mark shadow locked "$c_name" ;;
				*) c_mark shadow open "$c_name" ;;
				esac
				case $c_field in
				# No password, so no secret.
				'' | '!' | '!!' | '!*' | '*') printf 'field %s\n' "$c_field" >&3 ;;
				*) ! c_have sha256sum || printf '%s' "$c_field" | sha256sum >&3 ;;
				esac
			done
		done </etc/shadow
	fi
}

# c_groups NAME...: these, and the groups of the accounts above.
c_groups() {
	# shellcheck disable=SC2086 # numbers between spaces
	set -- $c_gids "$@"
	[ $# -gt 0 ] || return 0
	c_mark group
	if c_have getent; then
		c_limit 20 getent group "$@" >&3 2>/dev/null
	else
		c_lines </etc/group
	fi
}

c_lines() {
	while IFS= read -r c_line || [ -n "$c_line" ]; do
		printf '%s\n' "$c_line" >&3
	done
}

c_gids=
