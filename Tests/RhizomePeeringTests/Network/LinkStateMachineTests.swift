import Bytes
import RhizomeIdentity
import RhizomeTesting
import Testing

@testable import RhizomePeering

/// When a link connects, to which address, and how it stands (spec: peering.md, "Facts").
@Suite struct LinkStateMachineTests {
    private typealias Action = LinkStateMachine.Action

    private static func address(_ text: String) throws -> PeerAddress { try #require(PeerAddress(text)) }

    /// A machine with a clock of its own, that does at once what the machine asks for and remembers it.
    private struct Driver {
        private(set) var machine: LinkStateMachine
        /// What the last event led to.
        private(set) var actions: [Action] = []
        /// The number of the present attempt, which the last lookup or timer told.
        private(set) var number = 0
        private var now = Uptime(microseconds: 0)

        init(_ addresses: [PeerAddress]) { machine = LinkStateMachine(addresses: addresses) }

        @discardableResult
        mutating func on(_ event: LinkStateMachine.Event) -> [Action] {
            actions = machine.on(event, now: now)
            for action in actions {
                switch action {
                case .lookUp(_, let attempt), .schedule(_, let attempt): number = attempt
                default: break
                }
            }
            return actions
        }

        /// Something happens to the present attempt.
        @discardableResult
        mutating func attempt(_ event: LinkStateMachine.AttemptEvent) -> [Action] { on(.attempt(number, event)) }

        var longestWait: Duration {
            get { machine.longestWait }
            set { machine.longestWait = newValue }
        }

        mutating func pass(_ time: Duration) { now = now + time }

        /// From a lookup up to the authenticated connection.
        mutating func authenticate() {
            attempt(.found(["127.0.0.1"]))
            attempt(.connected)
            attempt(.handshakeSucceeded)
        }

        /// How long the next attempt waits, or the present one may take.
        var delay: Duration? {
            for case .schedule(let delay, _) in actions { return delay }
            return nil
        }

        /// Which address is looked up.
        var lookedUp: PeerAddress? {
            for case .lookUp(let address, _) in actions { return address }
            return nil
        }

        /// To which numeric address it connects.
        var host: String? {
            for case .connect(let host, _, _, _) in actions { return host }
            return nil
        }

        /// How long the handshake may take.
        var handshake: Duration? {
            for case .connect(_, _, let handshake, _) in actions { return handshake }
            return nil
        }
    }

    private static func opened(_ addresses: String...) throws -> Driver {
        var driver = Driver(try addresses.map(address))
        driver.on(.open)
        return driver
    }

    // MARK: - Being told of addresses

    @Test("addresses of which others tell are tried at once where the peer isn't found, and never disturb a connection")
    func told() throws {
        let (old, new, newer) = try (Self.address("a:1"), Self.address("b:2"), Self.address("c:3"))
        var driver = try Self.opened("a:1")
        #expect(driver.on(.told([old, new])) == [], "it is being tried where it was")
        driver.attempt(.found([]))
        #expect(driver.machine.phase == .unreachable)
        driver.attempt(.timerFired)
        #expect(driver.lookedUp == new, "after those that were known")
        driver.attempt(.found([]))
        driver.on(.told([old, new, newer]))
        #expect(driver.lookedUp == newer, "the new one first")
        driver.authenticate()
        #expect(driver.on(.told([old])) == [])
        #expect(driver.machine.isUp)
        driver.attempt(.disconnected)
        driver.attempt(.timerFired)
        #expect(driver.lookedUp == old)
        driver.attempt(.found([]))
        #expect(driver.on(.told([old])) == [], "nothing is new")
    }

    // MARK: - Connecting

    @Test("a link looks its address up, connects, says hello and subscribes, and nothing of that before its time")
    func connects() throws {
        let address = try Self.address("peer.example:4000")
        var driver = Driver([address])
        #expect(driver.on(.attempt(0, .found(["127.0.0.1"]))) == [], "it wasn't opened")
        driver.on(.open)
        #expect(driver.actions == [.disconnect, .lookUp(address, attempt: driver.number)])
        #expect(driver.machine.phase == .connecting && driver.machine.address == address)
        #expect(driver.attempt(.handshakeSucceeded) == [], "there is no connection")
        #expect(driver.attempt(.timerFired) == [], "no timer was set")
        #expect(
            driver.attempt(.found(["127.0.0.1"])) == [
                .schedule(after: .seconds(6), attempt: driver.number),
                .connect(host: "127.0.0.1", port: 4000, handshake: .seconds(3), attempt: driver.number),
            ]
        )
        #expect(driver.attempt(.found(["127.0.0.2"])) == [], "it was found before")
        #expect(driver.on(.greeted(publishPort: 4001)) == [], "hello can't have been said")
        #expect(driver.attempt(.connected) == [] && !driver.machine.isUp)
        #expect(driver.attempt(.handshakeSucceeded) == [.reportAuthenticated])
        #expect(driver.machine.isUp && driver.machine.phase == .authenticated)
        #expect(
            driver.on(.greeted(publishPort: 4001)) == [
                .subscribe(host: "127.0.0.1", port: 4001, handshake: .seconds(3))
            ]
        )
        #expect(driver.on(.greeted(publishPort: nil)) == [] && driver.machine.phase == .connected)
        #expect(driver.attempt(.timerFired) == [], "the attempt came to its end in time")
        #expect(driver.attempt(.connectFailed) == [] && driver.machine.isUp)
        // libzmq may have connected anew unseen.
        #expect(driver.attempt(.handshakeSucceeded) == [.reportAuthenticated])
        #expect(driver.machine.phase == .authenticated)
    }

    @Test("a link without an address waits for one")
    func noAddress() throws {
        var driver = Driver([])
        #expect(driver.on(.open) == [.disconnect] && driver.machine.address == nil)
        driver.on(.restated([try Self.address("peer.example:4000")]))
        #expect(driver.lookedUp == (try Self.address("peer.example:4000")))
    }

    // MARK: - Failing

    /// What a peer that isn't there looks like.
    private static let absences: [LinkStateMachine.AttemptEvent] = [
        .notOpened, .connectFailed, .protocolFailed, .disconnected, .timerFired,
    ]

    @Test("a peer that can't be reached is tried after 0.1 s, doubling to 4 s, with a handshake of 3 s each time")
    func backoff() throws {
        var driver = try Self.opened("peer.example:4000")
        var waits: [Duration?] = []
        for round in 0..<8 {
            driver.attempt(.found(["127.0.0.1"]))
            #expect(driver.handshake == .seconds(3))
            driver.attempt(Self.absences[round % Self.absences.count])
            #expect(driver.actions.first == .disconnect && driver.machine.phase == .unreachable)
            waits.append(driver.delay)
            driver.attempt(.timerFired)
        }
        #expect(waits == [100, 200, 400, 800, 1_600, 3_200, 4_000, 4_000].map { .milliseconds($0) })
        driver.attempt(.found([]))
        #expect(driver.delay == .seconds(4) && driver.machine.phase == .unreachable, "a host that isn't found")
    }

    @Test("one of many that can't be reached is tried less often, so that all together are ten times a second at most")
    func crowd() throws {
        let waits = [0, 1, 40, 41, 450, 100_000].map { LinkStateMachine.longestWait(among: $0) }
        #expect(waits == [4_000, 4_000, 4_000, 4_100, 45_000, 60_000].map { .milliseconds($0) })
        var driver = try Self.opened("peer.example:4000")
        driver.longestWait = LinkStateMachine.longestWait(among: 450)
        for _ in 0..<10 {
            driver.attempt(.found([]))
            driver.attempt(.timerFired)
        }
        driver.attempt(.found([]))
        #expect(driver.delay == .seconds(45))
        driver.longestWait = LinkStateMachine.longestWait(among: 3)
        driver.attempt(.timerFired)
        driver.attempt(.found([]))
        driver.attempt(.timerFired)
        driver.attempt(.found([]))
        #expect(driver.delay == .seconds(4), "the others are back")
    }

    @Test("only a connection that held for 10 s ends the backoff, and a loss is told once")
    func lost() throws {
        var driver = try Self.opened("peer.example:4000")
        var waits: [Duration?] = []
        for held in [0, 9, 10, 11, 1] {
            driver.authenticate()
            driver.pass(.seconds(held))
            driver.attempt(.disconnected)
            #expect(driver.actions.prefix(2) == [.disconnect, .reportLost] && driver.actions.count == 3)
            waits.append(driver.delay)
            #expect(driver.machine.phase == .connecting)
            #expect(driver.attempt(.disconnected) == [], "it is lost already")
            driver.attempt(.timerFired)
        }
        #expect(waits == [100, 200, 400, 100, 200].map { .milliseconds($0) })
    }

    @Test("a peer that answers 400 is asked again later and later, after 30 s at most")
    func refused() throws {
        var driver = try Self.opened("peer.example:4000")
        var waits: [Duration?] = []
        for _ in 0..<11 {
            driver.attempt(.found(["127.0.0.1"]))
            #expect(driver.handshake == .seconds(3), "the answer came at once")
            driver.attempt(.connected)
            driver.attempt(.refused)
            #expect(driver.machine.phase == .refused && !driver.actions.contains(.reportLost))
            waits.append(driver.delay)
            driver.attempt(.timerFired)
            #expect(driver.machine.phase == .refused, "until an attempt tells otherwise")
        }
        let expected = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]
        #expect(waits == expected.map { .milliseconds($0) })
    }

    @Test("a peer that puts us off is given twice the time for the handshake, up to 15 s, until it lets us in")
    func putOff() throws {
        var driver = try Self.opened("peer.example:4000")
        var handshakes: [Duration?] = []
        for end in [LinkStateMachine.AttemptEvent.disconnected, .timerFired, .disconnected, .timerFired] {
            driver.attempt(.found(["127.0.0.1"]))
            handshakes.append(driver.handshake)
            #expect(driver.delay == driver.handshake.map { $0 + .seconds(3) })
            driver.attempt(.connected)
            #expect(driver.attempt(.connectFailed) == [], "it was connected")
            driver.attempt(end)
            #expect(driver.machine.phase == .refused)
            driver.attempt(.timerFired)
        }
        #expect(handshakes == [3, 6, 12, 15].map { .seconds($0) })
        driver.authenticate()
        driver.on(.greeted(publishPort: 4001))
        #expect(
            driver.actions == [.subscribe(host: "127.0.0.1", port: 4001, handshake: .seconds(15))],
            "it needs as long"
        )
        driver.attempt(.disconnected)
        driver.attempt(.timerFired)
        driver.attempt(.found(["127.0.0.1"]))
        #expect(driver.handshake == .seconds(3))
    }

    // MARK: - Addresses

    @Test("each attempt is made at the next address, and each round at the next of a name's numeric ones")
    func rotation() throws {
        var driver = try Self.opened("one.example:1", "two.example:2")
        var places: [String] = []
        for _ in 0..<6 {
            let address = try #require(driver.lookedUp)
            driver.attempt(.found(address.host == "one.example" ? ["::1", "127.0.0.1"] : ["127.0.0.2"]))
            places.append("\(address.port) \(driver.host ?? "")")
            #expect(driver.machine.address == address)
            driver.attempt(.connectFailed)
            driver.attempt(.timerFired)
        }
        #expect(places == ["1 ::1", "2 127.0.0.2", "1 127.0.0.1", "2 127.0.0.2", "1 ::1", "2 127.0.0.2"])
    }

    @Test("where a peer has other addresses the first of these is next, and none of the old ones")
    func otherAddresses() throws {
        var driver = try Self.opened("one.example:1", "two.example:2", "three.example:3")
        driver.attempt(.found(["127.0.0.1"]))
        driver.attempt(.connectFailed)
        driver.attempt(.timerFired)
        #expect(driver.lookedUp?.port == 2)
        driver.on(.restated(try ["four.example:4", "five.example:5", "six.example:6"].map(Self.address)))
        for port: UInt16 in [4, 5, 6, 4] {
            #expect(driver.lookedUp?.port == port)
            driver.attempt(.found([]))
            driver.attempt(.timerFired)
        }
        driver.on(.restated([]))
        #expect(driver.actions == [.disconnect], "there is nowhere to go")
    }

    // MARK: - Trust in motion

    /// Where a link may be when something changes.
    private enum Place: CaseIterable {
        case lookingUp, connecting, authenticated, connected, waiting

        func reach(_ driver: inout Driver) {
            switch self {
            case .lookingUp: break
            case .connecting: driver.attempt(.found(["127.0.0.1"]))
            case .authenticated: driver.authenticate()
            case .connected:
                driver.authenticate()
                driver.on(.greeted(publishPort: 4001))
            case .waiting:
                driver.attempt(.found(["127.0.0.1"]))
                driver.attempt(.refused)
            }
        }

        var isUp: Bool { self == .authenticated || self == .connected }
    }

    /// All that can still come of an attempt.
    private static let leftovers: [LinkStateMachine.AttemptEvent] =
        absences + [.found(["127.0.0.1"]), .connected, .handshakeSucceeded, .refused]

    @Test("a change of the journal starts a link anew, wherever it is, and what is left of before is passed over")
    func restated() throws {
        for place in Place.allCases {
            var driver = try Self.opened("one.example:1")
            place.reach(&driver)
            let before = driver.number
            let address = try Self.address("two.example:2")
            let lost: [Action] = place.isUp ? [.disconnect, .reportLost] : [.disconnect]
            driver.on(.restated([address]))
            #expect(driver.actions == lost + [.lookUp(address, attempt: driver.number)], "\(place)")
            #expect(driver.machine.phase == .connecting && before != driver.number)
            for event in Self.leftovers { #expect(driver.on(.attempt(before, event)) == [], "\(place) \(event)") }
            #expect(driver.on(.greeted(publishPort: 4001)) == [], "hello of before was answered late")
            driver.attempt(.found(["127.0.0.1"]))
            driver.attempt(.connectFailed)
            #expect(driver.delay == .milliseconds(100), "waits are short again")
        }
    }

    @Test("a peer that isn't trusted any more is left for good, wherever the link is")
    func closed() throws {
        for place in Place.allCases {
            var driver = try Self.opened("one.example:1")
            place.reach(&driver)
            driver.on(.close)
            #expect(driver.actions == (place.isUp ? [.disconnect, .reportLost] : [.disconnect]), "\(place)")
            #expect(!driver.machine.isUp)
            for event in Self.leftovers { #expect(driver.attempt(event) == [], "\(place) \(event)") }
            let restated = LinkStateMachine.Event.restated([try Self.address("two.example:2")])
            for event in [restated, .open, .tryAgain, .greeted(publishPort: 1), .close] {
                #expect(driver.on(event) == [], "\(place) \(event)")
            }
        }
    }

    @Test("a peer that came itself is tried at once where it refused us or wasn't found, and not where that goes on")
    func triedAgain() throws {
        for place in [Place.lookingUp, .connecting, .authenticated, .connected] {
            var driver = try Self.opened("one.example:1")
            place.reach(&driver)
            #expect(driver.on(.tryAgain) == [], "\(place)")
        }
        for end in [LinkStateMachine.AttemptEvent.refused, .connectFailed] {
            var driver = try Self.opened("one.example:1")
            driver.attempt(.found(["127.0.0.1"]))
            driver.attempt(end)
            let timer = driver.number
            driver.on(.tryAgain)
            #expect(driver.lookedUp?.port == 1 && driver.machine.phase == .connecting)
            #expect(driver.on(.attempt(timer, .timerFired)) == [], "that was the wait that it was spared")
        }
    }

    @Test("whatever happens, a link waits for something, and tells of a loss only what it told of")
    func neverStuck() throws {
        let addresses = try ["one.example:1", "two.example:2"].map(Self.address)
        withSeed { generator in
            var driver = Driver(addresses)
            var isUp = false
            var looksUp = false
            var hasTimer = false
            driver.on(.open)
            for step in 0..<5_000 {
                for action in driver.actions {
                    switch action {
                    case .lookUp: looksUp = true
                    case .connect, .subscribe: break
                    case .schedule: hasTimer = true
                    case .disconnect: (looksUp, hasTimer) = (false, false)
                    case .reportAuthenticated: isUp = true
                    case .reportLost:
                        #expect(isUp, "seed \(generator.seed), step \(step)")
                        isUp = false
                    }
                }
                #expect(driver.machine.isUp == isUp, "seed \(generator.seed), step \(step)")
                #expect(isUp || looksUp || hasTimer, "seed \(generator.seed), step \(step)")
                driver.pass(.milliseconds(Int.random(in: 0...8_000, using: &generator)))
                let number = driver.number - (Int.random(in: 0..<4, using: &generator) == 0 ? 1 : 0)
                switch Int.random(in: 0..<20, using: &generator) {
                case 0: driver.on(.open)
                case 1: driver.on(.restated(addresses.shuffled(using: &generator)))
                case 2: driver.on(.tryAgain)
                case 3: driver.on(.greeted(publishPort: 4001))
                case 4..<10 where looksUp:
                    looksUp = number != driver.number
                    driver.on(.attempt(number, .found(["127.0.0.1"])))
                case 10..<13 where hasTimer:
                    hasTimer = number != driver.number
                    driver.on(.attempt(number, .timerFired))
                case 4..<13: driver.on(.greeted(publishPort: nil))
                case 13, 14: driver.on(.attempt(number, .connected))
                case 15, 16: driver.on(.attempt(number, .handshakeSucceeded))
                case 17: driver.on(.attempt(number, .refused))
                case 18: driver.on(.attempt(number, .disconnected))
                default: driver.on(.attempt(number, .connectFailed))
                }
            }
        }
    }
}
