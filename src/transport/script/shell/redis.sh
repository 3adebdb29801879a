# c_redis SECRET ARGUMENT...: asks one server; the secret goes by the environment, the commands by the input.
c_redis() {
	c_mark redis "$c_number"
	c_client=
	for c_word in redis-cli valkey-cli; do
		[ -n "$c_client" ] || ! c_have "$c_word" || c_client=$c_word
	done
	if [ -z "$c_client" ]; then
		c_mark redis-error "$c_number"
		printf 'no redis-cli or valkey-cli on the host' >&3
		return
	fi
	c_error=$(
		{
			c_secret=$1
			shift
			if [ -n "$c_secret" ]; then
				REDISCLI_AUTH=$c_secret
				export REDISCLI_AUTH
			else
				unset REDISCLI_AUTH VALKEYCLI_AUTH
			fi
			c_limit 15 "$c_client" --no-auth-warning "$@" 2>&1 >&3 <<-END
				PING
				PING $c_tag:info
				INFO all
				PING $c_tag:config
				CONFIG GET *
				PING $c_tag:end
			END
		}
	)
	c_code=$?
	c_mark redis-error "$c_number" "$c_code"
	printf '%s' "$c_error" >&3
}
