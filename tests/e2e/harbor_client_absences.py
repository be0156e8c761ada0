"""What of Harbor's Go client no test drives, with the reason: nouns as a whole that Wharf does not have, or one operation."""

from __future__ import annotations

from collections.abc import Mapping

SCANNING = "nothing is scanned here yet"
REPLICATION = "nothing is replicated here yet"

ABSENT: Mapping[str, str] = {
    "GC": "nothing is collected here yet",
    "Preheat": "no peer-to-peer network is fed",
    "Registry": REPLICATION,
    "Replication": REPLICATION,
    "Retention": "no rule deletes tags here yet",
    "Scan": SCANNING,
    "ScanAll": SCANNING,
    "ScanDataExport": SCANNING,
    "Scanner": SCANNING,
    "Securityhub": SCANNING,
    "SystemCVEAllowlist": SCANNING,
    "Artifact.GetAddition": "the client reads one string of JSON where Harbor's document and answer have a list",
    "Artifact.GetVulnerabilitiesAddition": SCANNING,
    "Project.GetScannerOfProject": SCANNING,
    "Project.ListScannerCandidatesOfProject": SCANNING,
    "Project.SetScannerOfProject": SCANNING,
    "Webhook": "nobody is called here yet",
    "Webhookjob": "nobody is called here yet",
    "Configure.GetInternalconfig": "between parts of Harbor alone",
    "Systeminfo.GetCert": "has_ca_root is false: no certificate of an authority is given out",
}
