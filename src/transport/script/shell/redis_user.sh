# Accounts of running servers. Rules may hold fingerprints of passwords: they go by inputs and by words of the shell.

# c_guard_account NAME EXPECTED: EXPECTED is the account's line in ACL LIST; empty: there is none.
c_guard_account() {
	if ! c_redis_client; then
		c_fail 'there is no redis-cli or valkey-cli on the host'
		return 1
	fi
	c_said=$(printf 'ACL LIST\n' | c_guarded_server 2>/dev/null)
	c_is=''
	while IFS= read -r c_line; do
		case $c_line in
		"user $1 "*) c_is=$c_line ;;
		esac
	done <<-END
		$c_said
	END
	case $c_said in
	*'user '*) ;;
	*)
		c_moved 'the server does not answer as it did when it was looked at'
		return 1
		;;
	esac
	c_is=$(printf '%s' "$c_is" | tr -s ' ')
	[ "${c_is% }" = "$2" ] || c_moved "the account $1 of the server has changed since it was looked at"
}

# c_account: the input is one command about an account. The answer to a removal is how many accounts went.
c_account() {
	if ! c_redis_client; then
		c_fail 'there is no redis-cli or valkey-cli on the host'
		return 1
	fi
	c_said=$(c_server 2>/dev/null)
	case $c_said in
	OK | [01]) ;;
	*'#'*) c_config_refused ACL yes ;;
	*) c_config_refused ACL no ;;
	esac
}
