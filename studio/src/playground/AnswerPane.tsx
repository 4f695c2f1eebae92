import { useGraphiQL } from '@graphiql/react';
import { useMemo } from 'react';
import { useAnswer, type Picture, type Progress } from './answer';
import { readServerInfo } from './server-info';
import { chooseFiles, uploadPlaces, useChosenFiles, type UploadPlace } from './uploads';
import { words } from './words';

/** Beneath the answer: files to send, progress, every picture in the answer, and what the server takes. */
export function AnswerPane() {
  const documentAST = useGraphiQL((state) => state.documentAST);
  const operationName = useGraphiQL((state) => state.operationName);
  const schema = useGraphiQL((state) => state.schema);
  const { pictures, progress } = useAnswer();
  const places = useMemo(
    () => (documentAST ? uploadPlaces(documentAST, operationName, schema ?? null) : []),
    [documentAST, operationName, schema],
  );
  return (
    <div className="answer-pane">
      {places.length > 0 && <Files places={places} />}
      {progress && <ProgressBar progress={progress} />}
      {pictures.length > 0 && <Pictures pictures={pictures} />}
      <ServerNote />
    </div>
  );
}

function Files({ places }: { places: readonly UploadPlace[] }) {
  const chosen = useChosenFiles();
  return (
    <fieldset className="files">
      <legend>{words.files.title}</legend>
      {places.map(({ path, takesMany }) => {
        const names = (chosen[path] ?? []).map(({ name }) => name).join(', ');
        return (
          <div key={path}>
            <label>
              <code>${path}</code>
              <input
                type="file"
                multiple={takesMany}
                onChange={(event) => chooseFiles(path, [...(event.target.files ?? [])])}
              />
            </label>
            {names && (
              <button type="button" onClick={() => chooseFiles(path, [])}>
                {words.files.remove(names)}
              </button>
            )}
          </div>
        );
      })}
    </fieldset>
  );
}

function ProgressBar({ progress: { fraction, status, finished } }: { progress: Progress }) {
  const percent = fraction === null ? null : Math.round(100 * fraction);
  return (
    <div className="progress">
      <progress aria-label={words.answer.progress} max={100} {...(percent !== null && { value: percent })} />
      <span>{[percent !== null && `${percent} %`, status, words.answer.finished(finished)].filter(Boolean).join(' · ')}</span>
    </div>
  );
}

function Pictures({ pictures }: { pictures: readonly Picture[] }) {
  return (
    <section aria-label={words.answer.pictures(pictures.length)}>
      <h3>{words.answer.pictures(pictures.length)}</h3>
      <ul className="pictures">
        {pictures.map(({ address, path }) => (
          <li key={address}>
            <a href={address} target="_blank" rel="noreferrer" title={path}>
              <img src={address} alt={words.answer.picture(path)} loading="lazy" decoding="async" />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

const serverInfo = readServerInfo();

function ServerNote() {
  if (!serverInfo) return null;
  const text = serverInfo.onlyTrusted ? words.documents.trusted : serverInfo.takesHashes ? words.documents.hashes : words.documents.texts;
  return <p className="server-note">{text}</p>;
}
