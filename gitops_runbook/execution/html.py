"""Write an executed notebook as one HTML file: no script from elsewhere, readable without a network, and on paper."""

from __future__ import annotations

import re
from pathlib import Path

from gitops_runbook.errors import UnreadableInput


def write_html(notebook: Path, out: Path) -> Path:
    """Convert a notebook with its outputs.

    Returns:
        ``out``.

    Raises:
        UnreadableInput: the file is no notebook.
    """
    import nbformat  # noqa: PLC0415 - both take seconds to load
    from nbconvert import HTMLExporter  # noqa: PLC0415

    try:
        content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, nbformat.reader.NotJSONError) as error:
        raise UnreadableInput(str(notebook), "is no notebook", "run it first") from error
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="lab", exclude_input_prompt=True, exclude_output_prompt=True, mathjax_url="", require_js_url="",
        jquery_url="", mermaid_js_url="", mermaid_layout_elk_js_url="",
    )  # fmt: skip
    text, _ = exporter.from_notebook_node(content, {"metadata": {"name": notebook.stem}})
    # The template asks for libraries even where their address is empty; nothing of ours needs them.
    out.write_text(re.sub(r'<script src="">\s*</script>', "", text), encoding="utf-8")
    return out
