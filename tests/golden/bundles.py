"""The golden bundles: where they are, and how a report is made comparable."""
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import newman_csv  # noqa: E402

BUNDLES = HERE / "postman"


def all_bundles(only="*"):
    return sorted(folder for folder in BUNDLES.glob(only) if (folder / "collection.json").exists())


def server_entries(bundle):
    return json.loads((bundle / "server.json").read_text())


def options(bundle, port):
    """Command-line options after the collection, the same for newman and assay. Run it in the bundle's folder."""
    extra = bundle / "options.json"
    return ["--global-var", f"BASE=http://127.0.0.1:{port}"] + (json.loads(extra.read_text()) if extra.exists() else [])


# What a signed URL holds of the time and of the port.
SIGNED = re.compile(r"((?:oauth_signature|X-Amz-Signature|X-Amz-Date|X-Amz-Credential)=)[^&\"]*")


def comparable(text, port):
    """The report with fixed words for the port and for signatures, and a fixed response time where there is one."""
    text = SIGNED.sub(r"\1SIGNED", text.replace(f":{port}", ":PORT"))
    table = newman_csv.cells(text)
    at = table[0].index(newman_csv.RESPONSE_TIME)
    for row in table[1:]:
        if at < len(row):
            row[at] = re.sub(r'^"\d+"$', '"0"', row[at])
    return "\n".join(",".join(row) for row in table)
