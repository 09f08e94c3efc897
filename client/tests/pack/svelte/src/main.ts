import { mount } from 'svelte';
import App from './App.svelte';

const asked = new URLSearchParams(location.search);
mount(App, {
  target: document.getElementById('app')!,
  props: { server: asked.get('server') ?? undefined, token: asked.get('token') ?? undefined },
});
