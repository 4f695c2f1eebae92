"""How an audit of the store is shown while it runs."""

import typer

from gql_server.cli.progress_display import ProgressDisplay
from gql_server.ledger.audit.store import AuditProgress


class StoreAuditDisplay(ProgressDisplay):
    """Shows the progress of an audit, and whether it continues another."""

    _has_started = False

    def show_audit(self, progress: AuditProgress) -> None:
        """Show how far the audit has come."""
        if not self._has_started:
            self._has_started = True
            if progress.resumed_at is not None:
                typer.echo(
                    f"Continues the audit that was interrupted at {progress.resumed_at:%F %T} UTC; "
                    "--restart starts over.",
                    err=True,
                )
        doing = "Repairing images" if progress.is_repairing else "Comparing images"
        rows = progress.report.rows
        self.show(doing, rows, max(progress.total_rows, rows))
