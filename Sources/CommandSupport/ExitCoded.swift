package import ArgumentParser
package import Bytes
package import HomeFiles
package import RhizomeCore
package import RhizomeIdentity
package import Sodium

/// An error that knows how it ends a command (spec: cli.md, the table of exit codes).
///
/// What comes from a module that only one of the commands uses conforms in that command.
package protocol ExitCoded: Error {
    /// The exit code that a program can go by.
    var exitCode: ExitCode { get }
    /// What is wrong in one word that stays, for programs.
    var codeName: String { get }
}

extension CodedError where Code: RawRepresentable<String> {
    /// The code.
    package var codeName: String { code.rawValue }
}

extension ExitCode {
    /// EX_DATAERR of sysexits.h: what was given is malformed.
    package static let malformed = ExitCode(65)
    /// EX_UNAVAILABLE: a node or a peer is needed and doesn't answer.
    package static let unavailable = ExitCode(69)
    /// EX_CANTCREAT: a file can't be written.
    package static let cannotCreate = ExitCode(73)
    /// EX_IOERR: reading or writing failed, or the disk is full.
    package static let inputOutput = ExitCode(74)
    /// EX_TEMPFAIL: busy or locked; trying again may help.
    package static let tryAgain = ExitCode(75)
    /// EX_NOPERM: not allowed by permissions, a token or trust.
    package static let notAllowed = ExitCode(77)
    /// EX_CONFIG: it will fail again until the machine is configured otherwise.
    package static let configuration = ExitCode(78)
    /// What a shell makes of SIGINT.
    package static let interrupted = ExitCode(130)

    /// What an error is called that has no code of its own.
    var codeName: String {
        switch self {
        case .failure: "no"
        case .validationFailure: "usage"
        case .malformed: "malformed"
        case .unavailable: "unavailable"
        case .cannotCreate: "cannotCreate"
        case .tryAgain: "busy"
        case .notAllowed: "notAllowed"
        case .configuration: "configuration"
        case .interrupted: "interrupted"
        default: "inputOutput"
        }
    }
}

extension FileError: ExitCoded {
    /// By what stands in the way.
    package var exitCode: ExitCode {
        switch code {
        case .missing: .failure
        case .exists: .cannotCreate
        case .symbolicLink, .severalNames, .foreignOwner, .tooOpen, .notAllowed: .notAllowed
        case .wrongKind, .tooLarge: .configuration
        case .inputTooLarge: .malformed
        case .changed, .locked: .tryAgain
        case .interrupted: .interrupted
        case .noSpace, .closedPipe, .system: .inputOutput
        }
    }
}

extension IdentityError: ExitCoded {
    /// By whose it is: the caller's text, the passphrase, a rule of the list, or the home as it lies there.
    package var exitCode: ExitCode {
        switch code {
        case .malformedPeer, .malformedInvitation, .invisibleCharacter, .unacceptableKey, .malformedAddress,
            .malformedName, .unusableExpiry:
            .malformed
        case .identityExists, .nameTaken, .sharedTransportKey, .ownIdentity, .unknownPeer, .ambiguousPeer,
            .invitationClosed, .tooManyInvitations:
            .failure
        case .passphraseNeeded, .wrongPassphrase: .notAllowed
        case .noIdentity, .malformedKeyFile, .costlyKeyFile, .keyMismatch, .unusablePassphrase, .newerVersion,
            .brokenJournal, .cutJournal, .missingWitness, .wrongLibrary, .unprotectedProcess, .malformedFile:
            .configuration
        }
    }
}

extension SodiumError: ExitCoded {
    /// By what failed.
    package var exitCode: ExitCode {
        switch code {
        case .initialization, .memory: .configuration
        case .authentication: .notAllowed
        case .encoding: .malformed
        }
    }
}

extension DeltaLogError: ExitCoded {
    /// By what the store can't do.
    package var exitCode: ExitCode {
        switch code {
        case .missing: .failure
        case .notAllowed: .notAllowed
        case .corrupt, .newer: .configuration
        case .locked, .busy: .tryAgain
        default: .inputOutput
        }
    }

    package var codeName: String { code.name }
}
