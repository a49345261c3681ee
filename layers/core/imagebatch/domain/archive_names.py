"""The names of the archive's own files, which no image and no variant's folder may have."""

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
