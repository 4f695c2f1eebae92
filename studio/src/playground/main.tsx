import '../language/locales';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './playground.css';
import { mount } from '../shell/mount';
import { Playground } from './Playground';

mount(<Playground />);
