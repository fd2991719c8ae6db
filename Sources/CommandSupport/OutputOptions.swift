internal import ArgumentParser

/// How a command that tells much prints it: `--json`, `--no-pager` (spec: cli.md).
package struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON, for programs.")
    package var isJSON = false
    @Flag(name: .customLong("no-pager"), help: "Print at once, also to a terminal; else $PAGER shows page by page.")
    package var isUnpaged = false

    package init() {}

    /// Has what is shown from now on go through the pager, where a person reads it.
    package func page() throws {
        if !isJSON, !isUnpaged { try ResultPager.want() }
    }
}
