"""What this room refuses."""

from app.core.errors import Conflict


class ReportTooLarge(Conflict):
    """More shortlists fall under the filters than one report adds up; a shorter period has fewer."""

    code = "report-too-large"
    title = "Too many shortlists for one report"
