import { overview } from '../api/store.ts';
import { Command } from '../parts/copy-button.tsx';
import { shown } from '../parts/server-text.tsx';
import { States } from '../table/workload-cells.tsx';
import { numberText, t } from '../texts/language.ts';

interface Props {
  readonly namespace: string;
  readonly workload: string;
}

/** What the list of workloads says of this one, and the command that closes its gap. */
export function WorkloadSummary({ namespace, workload }: Props) {
  const loaded = overview.value;
  if (loaded.state !== 'ready') return null;
  const row = loaded.value.workloads.find((one) => one.namespace === namespace && one.workload === workload);
  if (!row) return null;
  return (
    <dl class="facts">
      <dt>{t('column.agents')}</dt>
      <dd class="number">
        {numberText(row.injected)} / {numberText(row.asked)}
      </dd>
      <dt>{t('column.state')}</dt>
      <dd>
        <States row={row} />
      </dd>
      {row.profiles.length > 0 && <dt>{t('column.profile')}</dt>}
      {row.profiles.length > 0 && <dd>{shown(row.profiles.join(', '))}</dd>}
      {row.outdated > 0 && <dt>{t('column.outdated')}</dt>}
      {row.outdated > 0 && <dd class="number">{numberText(row.outdated)}</dd>}
      {row.fix !== undefined && <dt>{t('needs.fix')}</dt>}
      {row.fix !== undefined && (
        <dd>
          <Command text={row.fix} what={`${namespace} ${workload}`} />
        </dd>
      )}
    </dl>
  );
}
