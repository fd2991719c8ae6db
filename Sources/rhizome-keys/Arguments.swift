import Bytes
import CommandSupport
import RhizomeIdentity

/// `--name`: what somebody is called in the list, or calls itself.
struct PetnameArgument {
    static let form = "1 to 64 letters, digits, dots, underscores and hyphens"

    let name: String

    init(parsing argument: String) throws(UnusableValue) {
        guard PeerName.isValid(argument) else { throw UnusableValue(allowed: Self.form) }
        name = argument
    }
}

/// `--note` and `--reason`: what somebody writes beside a statement.
struct NoteArgument {
    private static let mostBytes = 1_024

    let text: String

    init(parsing argument: String) throws(UnusableValue) {
        guard argument.utf8.count <= Self.mostBytes else {
            throw UnusableValue(allowed: "a text of \(Self.mostBytes) bytes at most")
        }
        text = argument
    }
}

/// `--address` of `show`.
struct HostAndPort {
    static let form = "a host and a port, as bob.example.org:4000"

    let address: PeerAddress

    init(parsing argument: String) throws(UnusableValue) {
        guard let address = PeerAddress(argument) else { throw UnusableValue(allowed: Self.form) }
        self.address = address
    }
}

/// `--address`: an address, or `none`.
enum AddressArgument {
    case address(PeerAddress)
    case none

    init(parsing argument: String) throws(UnusableValue) {
        if let address = PeerAddress(argument) {
            self = .address(address)
        } else if argument == "none" {
            self = .none
        } else {
            throw UnusableValue(allowed: HostAndPort.form)
        }
    }
}

/// `--may`: permissions, separated by commas; nothing for none of them.
struct PermissionsArgument {
    let permissions: Set<Permission>

    init(parsing argument: String) throws(UnusableValue) {
        var permissions: Set<Permission> = []
        for name in argument.split(separator: ",") {
            guard let permission = Permission(rawValue: String(name)) else {
                throw UnusableValue(allowed: "author, connect or introduce, separated by commas")
            }
            permissions.insert(permission)
        }
        self.permissions = permissions
    }
}

/// `--until`: an RFC 3339 date or date-time, or `never`.
struct UntilArgument {
    let time: Timestamp?

    init(parsing argument: String) throws(UnusableValue) {
        if argument == "never" {
            time = nil
        } else {
            guard let time = Timestamp(argument) else {
                throw UnusableValue(
                    allowed: "a date as 2027-12-31, a date-time as 2027-12-31T12:00:00+01:00 (RFC 3339), or never"
                )
            }
            self.time = time
        }
    }
}

/// `--expires`: how long, in days, hours or minutes.
struct LifetimeArgument {
    let duration: Duration

    init(parsing argument: String) throws(UnusableValue) {
        let units: [Character: Int64] = ["d": 86_400, "h": 3_600, "m": 60]
        guard let unit = argument.last.flatMap({ units[$0] }), let count = Int64(argument.dropLast()),
            (1...43_200).contains(count), .seconds(count * unit) <= Invitation.longest
        else { throw UnusableValue(allowed: "a time as 30m, 2h or 7d, 30 days at most") }
        duration = .seconds(count * unit)
    }
}
