# c_tree PATH: all below a directory: attributes, links, hashes.
c_tree() {
	c_mark tree "$c_number"
	c_error=$(c_look 60 find "$1" -mindepth 1 -exec stat -c "$c_format" {} + 2>&1 >&3)
	c_code=$?
	if [ "$c_code" -ne 0 ]; then
		c_mark tree-error "$c_number" "$c_code"
		printf '%s' "$c_error" >&3
		return
	fi
	c_mark tree-links "$c_number"
	(c_look 60 find "$1" -mindepth 1 -type l -exec sh -c "$c_read_links" sh {} +) >&3 2>/dev/null
	if c_have sha256sum; then
		c_mark tree-hash "$c_number"
		(c_look 600 find "$1" -mindepth 1 -type f -exec sha256sum {} +) >&3 2>/dev/null
	else
		c_mark no-sha256sum
	fi
}
