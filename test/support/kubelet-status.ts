/** A time for the status of a pod, as a kubelet writes it. */
export const secondsAgo = (seconds: number): string =>
  new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+/, '');

/** What a kubelet says of a container. */
export const containerForms = {
  running: () => ({ restartCount: 0, ready: true, started: true, state: { running: { startedAt: secondsAgo(1) } } }),
  crashing: () => ({
    restartCount: 2,
    ready: false,
    started: false,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s restarting failed container' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: secondsAgo(2), finishedAt: secondsAgo(1) } },
  }),
};

export type ContainerForm = keyof typeof containerForms;
