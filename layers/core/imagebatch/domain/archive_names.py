"""The names that an archive uses itself: no image and no folder of a variant may have one."""

REPORT_FILES = frozenset(
    {
        "failed_rows.csv",
        "failed_rows.json",
        "index.html",
        "notes.txt",
        "pages.pdf",
        "provenance.json",
        "results.csv",
    }
)
FOLDERS = frozenset({"alternates", "rejected"})
ARCHIVE_NAMES = REPORT_FILES | FOLDERS
