import Foundation
import Logging
import RhizomeCollections
import RhizomeHosting
import RhizomeIdentity
import RhizomeNode
import RhizomePeering
import ServiceLifecycle
import UnixSignals

/// Shares users with peers, and prints what happens to them: `users HOME PORT [put ID NAME AGE | birthday ID]`.
///
/// Runs the home's node in this process, on PORT and the one after it, until SIGINT or SIGTERM.
@main
enum Users {
    static func main() async {
        guard let command = Command(CommandLine.arguments.dropFirst()) else {
            print("usage: users HOME PORT [put ID NAME AGE | birthday ID]")
            exit(64)
        }
        var logger = Logger(label: "users")
        logger.logLevel = .warning
        do {
            let configuration = ServiceGroupConfiguration(
                services: [Following(path: command.home, port: command.port, action: command.action, logger: logger)],
                gracefulShutdownSignals: [.sigint, .sigterm],
                logger: logger
            )
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            print("error: \(error)")
            exit(1)
        }
    }
}

/// What is to be shared: any `Codable` type with an id that is a text.
struct User: Codable, Identifiable {
    var id: String
    var name: String
    var age: Int?
}

/// What to do besides printing what happens.
enum Action {
    /// Says what a user is.
    case put(User)
    /// Makes a user a year older, once it is there.
    case birthday(String)
}

/// The arguments.
struct Command {
    let home: String
    let port: UInt16
    let action: Action?

    init?(_ arguments: some Collection<String>) {
        let arguments = Array(arguments)
        guard arguments.count >= 2, let port = UInt16(arguments[1]), port < .max else { return nil }
        home = arguments[0]
        self.port = port
        switch (arguments.dropFirst(2).first, arguments.count) {
        case (nil, _): action = nil
        case ("put", 6):
            guard let age = Int(arguments[5]) else { return nil }
            action = .put(User(id: arguments[3], name: arguments[4], age: age))
        case ("birthday", 4): action = .birthday(arguments[3])
        default: return nil
        }
    }
}

/// The application, from its start to the signal that ends it.
struct Following: Service {
    /// Where the home is.
    let path: String
    let port: UInt16
    let action: Action?
    let logger: Logger

    func run() async throws {
        let home = try Home.open(path)
        let identity = try home.identity()
        try await cancelWhenGracefulShutdown {
            try await Node.running(
                home: home,
                identity: identity,
                configuration: configuration(identity),
                logger: logger
            ) { node in
                try await share(node)
            }
        }
    }

    private func configuration(_ identity: Identity) -> NodeConfiguration {
        NodeConfiguration(
            identity: identity.publicKey,
            request: .loopback(port: port),
            // Any free one, too, where the first one is.
            publish: .loopback(port: port == 0 ? 0 : port + 1)
        )
    }

    private func share(_ node: Node) async throws {
        let users = TypedCollection<User>("user", in: node.database)
        // From here on nothing is missed, whoever writes it.
        let changes = users.changes()
        for id in try await users.ids() {
            // What a peer wrote under this name may be no user.
            if let user = try? await users.get(id) { say("found", user) }
        }
        say("listening at \(node.network.requestAddress)")
        if case .put(let user) = action { try await users.put(user) }
        for try await change in changes {
            switch change.event {
            case .created(let user):
                say("created", user)
                if case .birthday(user.id) = action { try await celebrate(user, in: users) }
            case .updated(let user): say("updated", user)
            case .deleted: say("deleted \(change.id)")
            case .unreadable(let error): say("\(change.id) is no user: \(error)")
            }
        }
    }

    private func celebrate(_ user: User, in users: TypedCollection<User>) async throws {
        guard let age = user.age else { return }
        var older = user
        older.age = age + 1
        try await users.put(older)
    }
}

/// Prints a line at once, also where the output is no terminal.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

func say(_ what: String, _ user: User) {
    say("\(what) \(user.id): \(user.name), \(user.age.map(String.init) ?? "of unknown age")")
}
