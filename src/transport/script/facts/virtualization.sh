	if have systemd-detect-virt; then
		put virtualization "$(limited 3 systemd-detect-virt)"
	fi

