# c_remove_empty FOLDER: takes it away where nothing is in it. Where something is, no program is started.
c_remove_empty() {
	for c_inside in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		if [ -e "$c_inside" ] || [ -L "$c_inside" ]; then
			return 0
		fi
	done
	[ ! -d "$1" ] || rmdir "$1" 2>/dev/null
	:
}
