import ArgumentParser
import CommandSupport

/// A setting that comes from an option or a variable of the environment: the option wins (spec: cli.md, "Environment").
struct Setting {
    /// The variable's name, by which errors call it.
    let variable: String
    /// What was given; nothing where neither was.
    let text: String?

    /// - Throws: ``CommandMisuse`` where the variable is not UTF-8.
    init(_ variable: String, option: String?) throws {
        self.variable = variable
        // An empty value is a value: mostly one that can't be used, which is better said than passed over.
        text = try option ?? CommandLineTool.variable(variable)
    }

    /// What was given, as `parse` reads it; `fallback` where nothing was.
    ///
    /// - Throws: ``CommandMisuse`` with the variable's name and what is allowed.
    func value<Value>(_ allowed: String, default fallback: Value, _ parse: (String) -> Value?) throws -> Value {
        guard let text else { return fallback }
        guard let value = parse(text) else {
            throw CommandMisuse("\(variable): '\(TerminalText.escaped(text))' can't be used; allowed: \(allowed)")
        }
        return value
    }

    /// Whether something is done: it is, unless the setting is `false`.
    var flag: Bool {
        get throws { try value("true or false", default: true) { ["true": true, "false": false][$0.lowercased()] } }
    }

    /// A port: 0, for any free one, to 65535.
    func port(default fallback: UInt16) throws -> UInt16 {
        try value("a port from 1 to 65535, or 0 for any free one", default: fallback) { UInt16($0) }
    }

    /// A host: a numeric address, a name, or, where `allowsWildcard`, `*`.
    func host(default fallback: String, allowsWildcard: Bool) throws -> String {
        let allowed = "an IP address or a host name" + (allowsWildcard ? ", or * for all addresses" : "")
        return try value(allowed, default: fallback) { text in
            if text == "*" { return allowsWildcard ? text : nil }
            return HostText(text)?.host
        }
    }
}
