"""Tells how each task, or each item of a loop, came out: one line of JSON each on standard output."""

import json
import sys

from ansible.plugins.callback import CallbackBase

# Actions of Ansible's own that bring in other tasks; the tasks that they bring are told.
SILENT = {"include_tasks", "include_role", "import_tasks", "import_role", "meta", "include_vars_silent", "gather_facts"}


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "twins"

    def tell(self, result, status, item=False):
        task = result._task
        if task.action.rpartition(".")[2] in SILENT:
            return
        # What is told of a loop as a whole was told of its items already.
        if not item and task.loop and "results" in result._result and result._result["results"]:
            return
        line = {
            "at": task.get_path(),
            "host": result._host.get_name(),
            "module": task.action.rpartition(".")[2],
            "status": status,
            "handler": type(task).__name__ == "Handler",
        }
        if status in ("failed", "ignored", "unreachable"):
            words = [str(result._result.get(key)) for key in ("msg", "stderr") if result._result.get(key)]
            line["why"] = " / ".join(words)
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def good(self, result, item=False):
        self.tell(result, "changed" if result._result.get("changed") else "ok", item)

    def bad(self, result, ignored, item=False):
        self.tell(result, "ignored" if ignored else "failed", item)

    def v2_runner_on_ok(self, result):
        self.good(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.bad(result, ignore_errors)

    def v2_runner_on_skipped(self, result):
        self.tell(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self.tell(result, "unreachable")

    def v2_runner_item_on_ok(self, result):
        self.good(result, True)

    def v2_runner_item_on_failed(self, result):
        self.bad(result, bool(result._task.ignore_errors), True)

    def v2_runner_item_on_skipped(self, result):
        self.tell(result, "skipped", True)
