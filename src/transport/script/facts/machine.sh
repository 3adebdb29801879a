
	# --- the machine: what the kernel and a few files say, by one program ---
	# The words behind the expressions are the files of further parts. Of the kernel's counters, whose names are made of words
	# between underscores, only that of its killing is wanted.
	# Of mounts, those of file systems that are not this machine's own.
	files=$(grep -svE -e '^[a-np-z][a-z0-9]*_[a-z0-9_]* [0-9]*$' -e '^p[gs][a-z0-9]* [0-9]*$' \
		-e '^[^ ]* /[^ ]* (ext[234]|xfs|btrfs|bcachefs|f2fs|zfs|jfs|vfat|tmpfs|devtmpfs|ramfs|rootfs|overlay|squashfs|iso9660|erofs|proc|sysfs|devpts|mqueue|hugetlbfs|cgroup2?|securityfs|debugfs|tracefs|configfs|fusectl|pstore|bpf|efivarfs|binfmt_misc|rpc_pipefs|nfsd|nsfs|selinuxfs) [^ ]* [0-9] [0-9]$' \
		-e '^systemd-1 /proc/sys/fs/binfmt_misc autofs ' /dev/null /proc/meminfo /proc/sys/kernel/osrelease \
		/proc/sys/kernel/random/boot_id /proc/self/mounts "$@")
	set --
	put files "$files"
	near=0
	case $files in
	*/proc/self/mounts:*) ;;
	*/proc/meminfo:*) [ -r /proc/self/mounts ] && near=10 ;;
	esac

	put environment "HOME=$HOME${newline}PATH=$path_before${newline}SHELL=$SHELL${newline}USER=${USER:-$LOGNAME}${newline}LANG=$LANG"

	uid=
	while read -r key value rest; do
		case $key in
		Uid:) uid=$value ;;
		Gid:) put gid "$value" && break ;;
		esac
	done </proc/self/status
	put uid "$uid"
	own_uid=$uid
	users=" $uid "

	# --- names ---
	read -r hostname </proc/sys/kernel/hostname || hostname=$(hostname)
	put hostname "$hostname"

