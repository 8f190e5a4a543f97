// The supervisor's part in networks of their own: between the launcher's start and the plan's.
//
// A launcher's socket becomes readable twice: when its network is made or could not be, and when it has
// become the plan or could not. In between NetworkAttachment is at work on other threads. Whatever the
// launcher's process does meanwhile, its end counts only once the reason is known.

import Execution
import InstanceContract
import InstanceLauncher
import LinuxSystem

/// How far an instance is on its way into its network.
enum Gate {
    /// The launcher makes namespaces and devices.
    case closed(MessageSocket)
    /// Its network is being finished; `hasEnded` if its process has not waited for that.
    case connecting(MessageSocket, hasEnded: Bool)
    /// The launcher may become the plan.
    case open(MessageSocket)
}

extension RunLoop {
    mutating func watchGate(_ index: Int, _ control: MessageSocket) {
        gates[index] = .closed(control)
        watch(control, of: index)
    }

    private mutating func watch(_ control: MessageSocket, of index: Int) {
        do {
            try poller.add(control.descriptor, token: Self.gateToken | UInt64(index))
        } catch {
            gates[index] = nil
            feed(index, .stop(.networkFailure("its launcher cannot be watched: \(error)", hadStarted: false)))
        }
    }

    mutating func networkIsUp(_ index: Int) {
        supervisor.notify.yield(.networkInitialised(lives[index].instance))
        phases.pass(.networkInitialised, at: now)
        feed(index, .networkInitialised)
    }

    /// The launcher has said something, or is gone.
    mutating func gateReady(_ index: Int) {
        switch gates[index] {
        case .closed(let control):
            poller.remove(control.descriptor)
            gates[index] = .connecting(control, hasEnded: false)
            supervisor.handOver.yield(
                RunSupervisor.Launched(launch: supervisor.order.launches[index], control: control))
        case .open(let control):
            poller.remove(control.descriptor)
            passed(index, control)
        case .connecting, nil:
            break
        }
    }

    mutating func connected(_ index: Int) {
        guard case .connecting(let control, let hasEnded) = gates[index] else { return }
        gates[index] = .open(control)
        watch(control, of: index)
        networkIsUp(index)
        if hasEnded { processEnded(index: index) }
    }

    mutating func connectionFailed(_ index: Int, _ reason: String) {
        guard case .connecting(_, let hasEnded) = gates[index] else { return }
        gates[index] = nil
        feed(index, .stop(.networkFailure(reason, hadStarted: false)))
        if hasEnded { processEnded(index: index) }
    }

    /// The launcher has become the plan, or says why not.
    private mutating func passed(_ index: Int, _ control: MessageSocket) {
        gates[index] = nil
        guard let failure = control.failureToExecute() else { return }
        feed(index, .stop(.networkFailure("\(failure)", hadStarted: false)))
    }

    /// The process has ended: whether its end may count already.
    mutating func mayEnd(_ index: Int, _ child: ChildProcess) -> Bool {
        // Why it was stopped is known; nobody is waited for then.
        if case .stopping = lives[index].state { gates[index] = nil }
        switch gates[index] {
        case nil:
            return true
        case .open(let control):
            passed(index, control)
            return true
        case .closed(let control):
            gateReady(index)
            gates[index] = .connecting(control, hasEnded: true)
        case .connecting(let control, _):
            gates[index] = .connecting(control, hasEnded: true)
        }
        poller.remove(child.descriptor)
        return false
    }
}

extension ProcessLaunch {
    /// Starts the launcher instead of the program; answers this side of its socket.
    mutating func launch(through namespaces: NamespaceLaunch) throws(SystemError) -> MessageSocket {
        let (control, other) = try MessageSocket.pair()
        arguments = namespaces.options.arguments(
            control: other, parent: ProcessTable.ownID, program: path, arguments: arguments)
        path = namespaces.launcher.path
        passed = [other]
        return control
    }
}
