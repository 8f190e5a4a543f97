// Changes on their way to the switch's thread.

import LinuxSystem
import Synchronization

/// What the switch's thread is asked to do; each is answered exactly once.
enum SwitchCommand: Sendable {
    typealias Reply<Answer: Sendable> = @Sendable (Result<Answer, EmulatorError>) -> Void

    case attach(
        OwnedDescriptor, identity: UInt64, capture: Int?, MemberConfiguration, reply: Reply<MemberID>)
    case configure(MemberID, MemberConfiguration, reply: Reply<Void>)
    case detach(MemberID, reply: Reply<Void>)
    case statistics(reply: Reply<SwitchStatistics>)
    case stop(reply: Reply<SwitchStatistics>)

    /// Answers that it will not be done.
    func refuse(_ error: EmulatorError) {
        switch self {
        case .attach(_, _, _, _, let reply): reply(.failure(error))
        case .configure(_, _, let reply), .detach(_, let reply): reply(.failure(error))
        case .statistics(let reply), .stop(let reply): reply(.failure(error))
        }
    }
}

final class SwitchMailbox: Sendable {
    /// Whoever asks awaits the answer, so that no instance has more than a few changes waiting; this is for
    /// 65,534 instances that all ask at once.
    static let mostCommands = 131_072
    static let stopped = EmulatorError(.stopped, "the network emulator has been stopped")

    private enum State {
        case open([SwitchCommand])
        case closed
    }

    private let state = Mutex(State.open([]))
    private let wakeUp: WakeUp

    init() throws(SystemError) { wakeUp = try WakeUp() }

    func watch(with poller: borrowing PacketPoller, token: UInt64) throws(SystemError) {
        try poller.add(wakeUp, token: token)
    }

    /// Hands a command to the thread; answers why it cannot, and then nobody will answer it.
    func post(_ command: SwitchCommand) -> EmulatorError? {
        let refusal: EmulatorError? = state.withLock { state in
            guard case .open(var commands) = state else { return Self.stopped }
            guard commands.count < Self.mostCommands else {
                return EmulatorError(
                    .overloaded,
                    "\(Self.mostCommands) changes of the network wait to be applied: the machine is too slow "
                        + "for this plan")
            }
            // Without this, appending would copy what the pattern still holds.
            state = .closed
            commands.append(command)
            state = .open(commands)
            return nil
        }
        if refusal == nil { wakeUp.signal() }
        return refusal
    }

    /// Takes all commands; nil once closed.
    func take() -> [SwitchCommand]? {
        wakeUp.clear()
        return state.withLock { state in
            guard case .open(let commands) = state else { return nil }
            state = .open([])
            return commands
        }
    }

    /// Nobody will take commands any more; those that wait are refused.
    func close() {
        let waiting: [SwitchCommand] = state.withLock { state in
            guard case .open(let commands) = state else { return [] }
            state = .closed
            return commands
        }
        for command in waiting { command.refuse(Self.stopped) }
        wakeUp.signal()
    }
}
