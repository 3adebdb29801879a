# c_redis SECRET ARGUMENT...: puts the commands of the input to one server.
c_redis() {
	c_mark redis "$c_number"
	if ! c_redis_client; then
		c_mark redis-error "$c_number"
		printf 'no redis-cli or valkey-cli on the host' >&3
		return
	fi
	c_error=$(c_redis_speak "$@" 2>&1 >&3)
	c_code=$?
	c_mark redis-error "$c_number" "$c_code"
	printf '%s' "$c_error" >&3
}
