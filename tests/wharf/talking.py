"""A shell whose commands are expected to work, or to be refused."""

from __future__ import annotations

from tests.shell import Shell


class Talking(Shell):
    def ok(self, *arguments: str) -> str:
        """Standard output of a command that works."""
        status, out, err = self.run(*arguments)
        assert (status, err) == (0, ""), err
        return out

    def refused(self, *arguments: str) -> str:
        """The one line by which a rule refuses."""
        status, out, err = self.run(*arguments)
        assert (status, out) == (1, ""), (status, out, err)
        assert err.startswith("wharf: ")
        assert err.count("\n") == 1
        return err

    def status(self, *arguments: str) -> int:
        return self.run(*arguments)[0]
